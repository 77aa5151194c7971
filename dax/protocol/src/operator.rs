//! Expression trees: `[version, tree, values]` for a condition, filter or update, `[version, paths]` for a projection.
//!
//! A node is an array that starts with its number: an [`Operator`] and its operands, [`VARIABLE`] and a position among
//! the values, or [`DOCUMENT_PATH`] and its steps. An array that starts with another node is a plain list.

/// Version of the encoding.
pub const VERSION: u64 = 1;
/// Leaf: a value, by its position among the expression's values.
pub const VARIABLE: u64 = 17;
/// Leaf: a document path.
pub const DOCUMENT_PATH: u64 = 18;

codes! {
    /// What a node does. Beware of the order of the comparisons; 17 and 18 are the leaves.
    pub enum Operator {
        /// `=`
        Equal = 0,
        /// `<>`
        NotEqual = 1,
        /// `<`
        Less = 2,
        /// `>=`
        GreaterOrEqual = 3,
        /// `>`
        Greater = 4,
        /// `<=`
        LessOrEqual = 5,
        /// `AND`
        And = 6,
        /// `OR`
        Or = 7,
        /// `NOT`
        Not = 8,
        /// `BETWEEN`
        Between = 9,
        /// `IN`
        In = 10,
        /// `attribute_exists`
        AttributeExists = 11,
        /// `attribute_not_exists`
        AttributeNotExists = 12,
        /// `attribute_type`
        AttributeType = 13,
        /// `begins_with`
        BeginsWith = 14,
        /// `contains`
        Contains = 15,
        /// `size`
        Size = 16,
        /// `SET`
        Set = 19,
        /// `ADD`
        Add = 20,
        /// `DELETE`
        Delete = 21,
        /// `REMOVE`
        Remove = 22,
        /// `if_not_exists`
        IfNotExists = 23,
        /// `list_append`
        ListAppend = 24,
        /// `+`
        Plus = 25,
        /// `-`
        Minus = 26,
    }
}

impl Operator {
    /// How the operator is written in an expression.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
            Self::Between => "BETWEEN",
            Self::In => "IN",
            Self::AttributeExists => "attribute_exists",
            Self::AttributeNotExists => "attribute_not_exists",
            Self::AttributeType => "attribute_type",
            Self::BeginsWith => "begins_with",
            Self::Contains => "contains",
            Self::Size => "size",
            Self::Set => "SET",
            Self::Add => "ADD",
            Self::Delete => "DELETE",
            Self::Remove => "REMOVE",
            Self::IfNotExists => "if_not_exists",
            Self::ListAppend => "list_append",
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}
